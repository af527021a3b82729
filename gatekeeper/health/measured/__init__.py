"""What requests, tasks and statements take, and what the machine has left."""
