package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findmqtt"
)

const discoverMQTTHelp = `Listen at an MQTT broker for the time of --for, and make devices of what is
heard: topics are put together by what Tasmota, ESPHome and zigbee2mqtt do, and
else by what they begin with. Types are guessed. Nothing is published.

Devices that rarely say something need a longer time. Secrets are not given on
the command line, but where they are: file:/path or env:NAME, which gateways
read where their --secrets says.`

// discoverMQTT is roost discover mqtt.
type discoverMQTT struct {
	discovery
	keys   map[string]*string // of the driver's address, by flag
	topics []string
	levels int
}

func newDiscoverMQTT(p program) *cobra.Command {
	d := &discoverMQTT{discovery: discovery{program: p}, keys: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "mqtt BROKER",
		Short: "Listen at an MQTT broker for devices",
		Long:  discoverMQTTHelp,
		Example: `  roost discover mqtt localhost > fleet.yaml
  roost discover mqtt tcp://10.0.0.7:1883 --topic 'tele/#' --for 10m
  roost discover mqtt ssl://mq:8883 --username me --password env:ROOST_SECRET_MQ`,
		Args:              takes("BROKER"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              d.run,
	}
	d.flags(cmd, 30*time.Second)
	cmd.Flags().Lookup("for").Usage = "how long to listen"
	f := cmd.Flags()
	f.StringSliceVar(&d.topics, "topic", []string{"#"}, "topics to listen to")
	f.IntVar(&d.levels, "levels", 0, "how many levels of a topic make a device (default: by what it looks like)")
	for _, key := range []struct{ flag, text string }{
		{"username", "who we are for the broker"}, {"password", "where the password is"}, {"client-id", "who we are for the broker (default: a new one)"},
		{"ca", "`FILE` with the authorities that may vouch for the broker"}, {"cert", "`FILE` with our certificate"}, {"key", "where its key is"},
	} {
		d.keys[key.flag] = f.String(key.flag, "", key.text)
	}
	return cmd
}

func (d *discoverMQTT) run(cmd *cobra.Command, args []string) error {
	if err := d.valid(cmd); err != nil {
		return err
	}
	if d.levels < 0 || d.levels > 20 || len(d.topics) == 0 {
		return usage(cmd, "--levels is between 0 and 20, and there is at least one --topic")
	}
	keys := givenKeys(d.keys)
	keys["broker"] = brokerOf(args[0])
	return d.search(cmd, func(ctx context.Context, tell func(discover.Progress)) found {
		heard, progress, err := findmqtt.Listen(ctx, findmqtt.Config{Keys: keys, Topics: d.topics, Tell: tell})
		delete(keys, "client_id") // two with one id take the connection from each other
		return found{heard.Draft(keys, d.levels), progress, asUsage(cmd, err)}
	})
}

// brokerOf makes a URL of a broker's host.
func brokerOf(text string) string {
	switch {
	case strings.Contains(text, "://"):
		return text
	case strings.Contains(text, ":"):
		return "tcp://" + text
	}
	return fmt.Sprintf("tcp://%s:1883", text)
}
