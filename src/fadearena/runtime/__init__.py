"""Engine room: shells that carry facts to the core and its commands to the doors; no decisions."""
