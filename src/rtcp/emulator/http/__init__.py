"""What every request of the emulator passes, whatever its noun: gateway, validation, faults, dialect."""
