// Command gate-events opens gates.
package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/nats-io/nats.go"
)

func main() {
	connection, err := nats.Connect(os.Getenv("NATS_URL"))
	if err != nil {
		slog.Error("no connection to the cameras", "error", err)
		os.Exit(1)
	}
	tracker := tracker{url: os.Getenv("CARGO_TRACKER_URL"), client: http.DefaultClient}
	_, err = connection.Subscribe("gates.*.plates", func(message *nats.Msg) {
		scan, err := parse(message.Data)
		if err != nil {
			slog.Warn("unreadable plate", "subject", message.Subject, "error", err)
			return
		}
		if tracker.mayLeave(scan.Container) {
			_ = message.Respond([]byte("open"))
			return
		}
		_ = message.Respond([]byte("stay"))
	})
	if err != nil {
		slog.Error("cannot listen to the cameras", "error", err)
		os.Exit(1)
	}
	slog.Info("ready")
	select {}
}
