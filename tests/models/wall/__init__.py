"""What raw SQL by the application's role can not do, and what it can."""
