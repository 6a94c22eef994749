package opcua_test

import (
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestPeer has all that is tried with one server, which takes seconds to start. What breaks it comes last.
func TestPeer(t *testing.T) {
	p := startPeer(t)
	t.Run("values", p.values)
	t.Run("refusals", p.refusals)
	t.Run("security", p.security)
	t.Run("users", p.users)
	t.Run("strangers", p.strangers)
	t.Run("keys", p.keys)
	t.Run("methods", p.methods)
	t.Run("monitored", p.monitored)
	t.Run("contract", p.contract)
	t.Run("slow", p.slow)
	t.Run("closes while it hangs", p.closesWhileItHangs)
	t.Run("hangs", p.hangs)
	t.Run("killed", p.killed)
}

// contract: the driver keeps its contract with all kinds of devices.
func (p *peer) contract(t *testing.T) {
	for name, address := range map[string]string{
		"polled": "", "monitored": "read=monitor interval=50ms",
		"secure and monitored": secured + "security=Aes256_Sha256_RsaPss read=monitor interval=50ms",
	} {
		t.Run(name, func(t *testing.T) {
			d := p.device(address, append(kinds(), readOnly("counter", isUint, "node=ns=2;s=Counter"))...)
			drivertest.Run(t, newDriver(), d, drivertest.Options{
				Many:    4,
				Actions: []actors.Action{setting("level", roostv1.Double(7)), setting("bool", roostv1.Bool(true)), setting("text", roostv1.Text("AK1"))},
				Refused: []actors.Action{setting("level", roostv1.Double(200)), setting("fixed", roostv1.Double(1)), setting("broken", roostv1.Double(1))},
				Bad:     []actors.Device{p.device("", readOnly("r", isUint, "")), device("d", "")},
			})
		})
	}
}
