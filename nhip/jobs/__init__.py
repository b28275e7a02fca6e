"""Background work: the procrastinate app, schedules, the worker."""
