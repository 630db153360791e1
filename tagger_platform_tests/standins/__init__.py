"""Real servers on loopback that answer as the services of the world do, for tests with the real libraries."""
