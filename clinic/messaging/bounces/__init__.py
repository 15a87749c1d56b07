"""Bounces and complaints: what mail systems report about delivered letters, and what that changes."""
