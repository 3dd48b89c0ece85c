"""Windows: HTTP and WebSocket. They show what was recorded and hand over what people order; they compute nothing."""
