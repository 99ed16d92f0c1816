"""What every request meets: who may ask, its body, limits, faults in store, and the record of it."""
