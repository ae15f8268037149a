"""The screen: shows frozen pictures of what goes on, and asks for what a person wants. Knows no engine."""
