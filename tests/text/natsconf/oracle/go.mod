module oracle

go 1.25.0

require github.com/nats-io/nats-server/v2 v2.14.2
