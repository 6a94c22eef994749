package gateway

import (
	"log/slog"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/exec"
	"github.com/roost-iot/roost/actors/drivers/host"
	httpdev "github.com/roost-iot/roost/actors/drivers/http"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/mqttd"
	"github.com/roost-iot/roost/actors/drivers/opcua"
	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/actors/drivers/sim"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Drivers returns new instances of all drivers that come with Roost, for a gateway in one run
// of its process, by the names that devices give. The hardware that sim simulates lives as long
// as its driver; that of rig is a process of its own. Secrets are where secrets may be that devices
// name; nil: nowhere.
func Drivers(gateway, incarnation string, secrets *keys.Places, log *slog.Logger) map[string]actors.Driver {
	return map[string]actors.Driver{
		exec.Name:    &exec.Driver{Log: log, Secrets: secrets}, // which runs nothing, until it is replaced by one that may
		host.Name:    &host.Driver{Log: log},
		httpdev.Name: &httpdev.Driver{Secrets: secrets},
		modbus.Name:  new(modbus.Driver),
		mqtt.Name:    &mqtt.Driver{Gateway: gateway, Secrets: secrets},
		mqttd.Name:   &mqttd.Driver{Log: log, Secrets: secrets},
		opcua.Name:   &opcua.Driver{Secrets: secrets},
		rig.Name:     &rig.Driver{Gateway: gateway, Incarnation: incarnation},
		sim.Name:     sim.NewDriver(nil),
		snmp.Name:    &snmp.Driver{Secrets: secrets},
	}
}

// Profiles returns the profiles that the drivers bring with them. That of the host
// names the sensors of this machine.
func Profiles() []*roostv1.Profile {
	return append(sim.Profiles(), host.Profile(), rig.Profile())
}
