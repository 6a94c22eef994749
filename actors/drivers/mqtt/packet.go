package mqtt

// The kinds of packets, as they are on the wire.
const (
	packetConnack  = 2
	packetPublish  = 3
	packetPuback   = 4
	packetPubrec   = 5
	packetPubrel   = 6
	packetPubcomp  = 7
	packetSuback   = 9
	packetUnsuback = 11
	packetPingreq  = 12
	packetPingresp = 13
)

// exactly is how long packets of a broker are, and flags what goes with their kind. Each subscription has a packet of its own, so that
// one verdict comes back.
var exactly = map[byte]int{
	packetConnack: 2, packetPuback: 2, packetPubrec: 2, packetPubrel: 2, packetPubcomp: 2, packetSuback: 3, packetUnsuback: 2, packetPingresp: 0,
}
