"""`python -m bayescnn.results` computes the results that the book reads."""

from bayescnn.results import main

main()
