"""What a clerk edits: licences, letters, pages, mails."""
