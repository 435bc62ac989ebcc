"""Which series and which entity changed with the incident: a full ranking, and when not to believe its head."""
