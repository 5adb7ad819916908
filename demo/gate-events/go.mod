module github.com/harbourline/gate-events

go 1.25

require github.com/nats-io/nats.go v1.46.1
