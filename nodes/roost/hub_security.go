package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/hub/guard"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// security is what the commands have in common that look after a hub's users. They need no hub that runs: one that
// does follows the files within seconds.
type security struct {
	program
	data string
}

// flags adds the flag that says which hub.
func (s *security) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", "", "`FOLDER` that the hub keeps everything in (default: one of this user)")
	_ = cmd.MarkFlagDirname("data") // the flag is there
}

// folder is the hub's security folder.
func (s *security) folder() (guard.Folder, error) {
	data, err := hubFolder(s.data, "", "", s.Getenv)
	if err != nil {
		return guard.Folder{}, &exit{exitUsage, err}
	}
	return guard.FolderIn(data), nil
}

// again is the flag that has another command use the same folder.
func (s *security) again() string {
	if s.data == "" {
		return ""
	}
	return " --data " + s.data
}

func (s *security) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Out, format+"\n", args...)
	return err
}

const hubInitHelp = `Make what a hub needs before other machines may reach it: an authority, a
certificate for the names and addresses by which the hub is dialled, and an
administrator. It is all in the folder "security" below the hub's data folder,
and is never made over one that is there.

The certificate is good for all hosts, so for three hubs name the hosts of all
three, and copy the folder to each. ca-key.pem is needed only to make further
certificates: it may be kept elsewhere. admin.roost is for roost hub apply.`

func newHubInit(p program) *cobra.Command {
	s := &security{program: p}
	var hosts []string
	var fleet, port string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make certificates and users, so that others may reach a hub",
		Long:  hubInitHelp,
		Example: `  roost hub init --host hub.plant --host 10.0.0.5
  roost hub init --host hub-a --host hub-b --host hub-c   # for three`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := roostv1.CheckID("--fleet-name", fleet); err != nil {
				return usage(cmd, "%v", err)
			}
			if len(hosts) == 0 {
				name, err := os.Hostname()
				if err != nil {
					return usage(cmd, "this machine has no name: say with --host by which the hub is dialled")
				}
				hosts = []string{strings.ToLower(name)}
			}
			return s.init(guard.Init{Fleet: fleet, Hosts: hosts, Port: port, Now: time.Now()})
		},
	}
	s.flags(cmd)
	cmd.Flags().StringSliceVar(&hosts, "host", nil, "`NAME` or IP address that the hub is dialled by; may be given again (default: the name of this machine)")
	cmd.Flags().StringVar(&port, "port", "4222", "`PORT` that the hub is dialled at")
	fleetFlag(cmd, p, &fleet)
	return cmd
}

func (s *security) init(as guard.Init) error {
	folder, err := s.folder()
	if err != nil {
		return err
	}
	if err := folder.Init(as); err != nil {
		return err
	}
	return s.say(`made users and certificates of fleet %s for %s in %s
next:
  roost hub enrol gateway NAME%s      # a credential for each gateway
  roost hub enrol operator NAME%s     # and for each person
  roost hub%s --listen 0.0.0.0:4222   # start it, or start it again`,
		as.Fleet, strings.Join(as.Hosts, " and "), folder.Path(), s.again(), s.again(), s.again())
}

func newHubRenew(p program) *cobra.Command {
	s := &security{program: p}
	var hosts []string
	cmd := &cobra.Command{
		Use:   "renew",
		Short: "Make the hub's certificate anew, also for other hosts",
		Long: `Make the hub's certificate anew: for the same hosts, or for those of --host,
which must then be all of them. Credentials stay good. A hub that runs takes the
new certificate within seconds; of three, copy server.pem and server-key.pem to
the others.`,
		Example: `  roost hub renew
  roost hub renew --host hub.plant --host 10.0.0.6`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			folder, err := s.folder()
			if err != nil {
				return err
			}
			if err := folder.Renew(hosts, time.Now()); err != nil {
				return err
			}
			r, err := folder.Read()
			if err != nil {
				return err
			}
			return s.say("made a new certificate for %s", strings.Join(r.Hosts, " and "))
		},
	}
	s.flags(cmd)
	cmd.Flags().StringSliceVar(&hosts, "host", nil, "`NAME` or IP address that the hub is dialled by; may be given again (default: those that it has)")
	return cmd
}

func newHubConfig(p program) *cobra.Command {
	s := &security{program: p}
	var routes string
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the users as a configuration for a stock nats-server",
		Long: `Print accounts, users, permissions and TLS as a piece of configuration for a
nats-server of one's own, which then has the same roles. In its configuration:

  jetstream { store_dir: "/var/lib/nats", sync_interval: always }
  include "roost.conf"

Whenever users change, write the file anew and have the server read it, twice:
what a new user imports, the server listens for from the second time on. Then
tell the fleet: roost hub apply.`,
		Example: `  roost hub config > /etc/nats/roost.conf
  nats-server --signal reload && sleep 1 && nats-server --signal reload
  roost hub apply --creds admin.roost`,
		Args: takes(), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if routes != "" {
				if err := roostv1.CheckID("--cluster", routes); err != nil {
					return usage(cmd, "%v", err)
				}
			}
			folder, err := s.folder()
			if err != nil {
				return err
			}
			r, err := folder.Read()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(s.Out, guard.Configuration(r, folder.Files(), routes))
			return err
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&routes, "cluster", "", "`NAME` of the cluster, with the certificates of its routes too")
	return cmd
}

func newHubApply(p program) *cobra.Command {
	s := &security{program: p}
	var creds, url string
	patience := link{}
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Tell the fleet at a stock nats-server of its users",
		Long: `Make the streams of the fleet, which gateways may not, and tell gateways who has
which role. Our own hub does both by itself; a stock nats-server needs it once
at the beginning, and after each change of users.`,
		Example: `  roost hub apply --creds admin.roost`,
		Args:    takes(), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := s.folder()
			if err != nil {
				return err
			}
			if creds == "" {
				creds = folder.Admin()
			}
			r, err := folder.Read()
			if err != nil {
				return err
			}
			return s.apply(cmd, &patience, creds, url, r)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&creds, "creds", "", "`FILE` with the administrator's credential (default: that of the folder)")
	cmd.Flags().StringVar(&url, "hub", "", "`URL` of the server (default: that of the credential)")
	patience.patience(cmd)
	return cmd
}

func (s *security) apply(cmd *cobra.Command, patience *link, creds, url string, r *guard.Roster) error {
	ctx, cancel := patience.bounded(cmd.Context())
	defer cancel()
	link, err := connectAdmin(ctx, creds, url)
	if err != nil {
		return err
	}
	defer link.Close()
	if err := guard.Found(ctx, link.Data, r); err != nil {
		return err
	}
	return s.say("the streams of fleet %s are there, and its gateways know %d users at %s",
		r.Fleet, len(r.Users), cluster.Redact(link.Data.ConnectedUrl()))
}
