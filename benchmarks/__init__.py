"""What rtcp costs: CPU as ratios to raw requests, memory, imports and the emulator, measured side by side."""
