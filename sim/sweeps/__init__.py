"""Many runs of a design, resumable, on any executor."""
