"""What all profiles share: tests and how they are registered, what a test may ask, the run, its result."""
