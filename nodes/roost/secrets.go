package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

const (
	// envSecrets stands in for --secrets; several places are separated by commas.
	envSecrets = "ROOST_SECRETS"
	// secretsFolder, below the data folder, and variables that begin with secretsBeginning are where secrets are if nothing else is said.
	secretsFolder    = "secrets"
	secretsBeginning = "ROOST_SECRET_"

	secretsFlag = "secrets"
)

// secrets are where devices of the fleet may have their secrets on this machine. It is for whoever runs the gateway: who may write the
// registry names them, and also who they are sent to.
type secrets struct{ places []string }

// flag adds --secrets to a command.
func (s *secrets) flag(cmd *cobra.Command, p program) {
	var given []string
	if text := p.Getenv(envSecrets); text != "" {
		given = strings.Split(text, ",")
	}
	cmd.Flags().StringArrayVar(&s.places, secretsFlag, given,
		"`PLACE` where secrets may be that devices name: a folder, a file, env:NAME or env:BEGINNING* "+
			"(default: DATA/"+secretsFolder+" and env:"+secretsBeginning+"*); may be given again; also "+envSecrets)
	_ = cmd.MarkFlagFilename(secretsFlag) // the flag is there
}

// check checks what was given, and makes paths absolute.
func (s *secrets) check() error {
	for i, place := range s.places {
		if place == "" {
			return fmt.Errorf("--%s %s: it is empty", secretsFlag, place)
		}
		if !strings.HasPrefix(place, "env:") {
			absolute, err := filepath.Abs(strings.TrimPrefix(place, "file:"))
			if err == nil {
				_, err = os.Stat(absolute)
			}
			if err != nil {
				return fmt.Errorf("--%s %s: %w", secretsFlag, place, err)
			}
			s.places[i] = absolute
		}
		if _, err := keys.PlacesOf(s.places[i]); err != nil {
			return fmt.Errorf("--%s %s: %w", secretsFlag, place, err)
		}
	}
	return nil
}

// of returns the places for a gateway with this data folder. What was given has been checked.
func (s *secrets) of(data string) *keys.Places {
	places := s.places
	if len(places) == 0 {
		places = []string{filepath.Join(data, secretsFolder), "env:" + secretsBeginning + "*"}
	}
	is, _ := keys.PlacesOf(places...) // of a folder that is not absolute nothing is read
	return is
}

// args hands what was given on to another process.
func (s *secrets) args() (args []string) {
	for _, place := range s.places {
		args = append(args, "--"+secretsFlag, place)
	}
	return args
}
