"""The pieces that screens are made of. Each is given values, and tells what was pressed."""
