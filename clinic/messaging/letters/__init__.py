"""What messages say: facts become words, and words become text, HTML and attachments."""
