"""Tags of the help's templates."""
