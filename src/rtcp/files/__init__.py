"""Files on their way from and to the service: whole, resumed, or not there at all."""
