"""Days and moments in British English: short enough for a column, and no day is taken for a month."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
