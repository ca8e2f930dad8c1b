"""One folder or file for each noun of the service; `http.operations` finds its routes by their operation ids."""
