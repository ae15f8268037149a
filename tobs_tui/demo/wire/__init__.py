"""MTProto as a server speaks it: transports, key exchange, encrypted sessions. Knows no RPC method."""
