module github.com/harbourline/tide-tables

go 1.23

require golang.org/x/sync v0.18.0
