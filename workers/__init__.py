"""The hands: Celery app, tasks, relay and every adapter that touches the world."""
