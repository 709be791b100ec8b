"""What a script or a notebook calls as ``sim.NAME``; each name is imported when it is first asked for."""
