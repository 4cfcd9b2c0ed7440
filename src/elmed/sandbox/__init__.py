"""The test world that developers try things in: scenarios, acts of the people in it, its clock, its emptying."""
