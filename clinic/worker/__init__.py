"""What drives the work behind the pages: the Celery application, the timetable of its steps, and beat's scheduler.

Nothing outside the worker ever sends a task, so no other program imports this. The steps themselves stand in
`messaging.tasks` and `maintenance.sweeps`.
"""
