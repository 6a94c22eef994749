// Package mqttd is the driver of devices that dial in: the gateway listens, and speaks MQTT 3.1, 3.1.1 and 5 with each device. There is no
// broker between the two: the gateway knows when a device is there, acknowledges a reading when it is stored, and a command has
// succeeded when the device itself has acknowledged it.
//
// # Address
//
//	key        default  meaning
//	listen              host:port where devices dial in: an IP address of the gateway, 0.0.0.0, or localhost. Devices that name the same
//	                    share it; the first session opens it, and the last one closes it
//	cert, key           TLS: the file of the certificate (PEM, the whole chain), and where the gateway finds its key. Read when
//	                    listen is opened
//	client     the id   the MQTT client id of the device
//	username, password  of the device. Needed unless only this machine can dial listen
//	name       the id   what {name} in topics stands for
//	base                what {base} in topics stands for
//	keepalive  5m       a device that says nothing for one and a half of this is cut off, unless it has asked for less. One of MQTT 5 is told
//	away       10s      how long the device may be away, before that is a failure
//	sleepy     false    the device comes only now and then: it is not waited for, and may be away for any time
//	command.C.topic     where a command without steps is published,
//	command.C.payload   and what, as package payload has it; default a JSON object of the arguments
//	command.C.response  the topic of the device's answer, which becomes the result "response"; without it the device's
//	                    acknowledgement has to do
//	command.C.refused   an answer that says no
//
// # Resources
//
//	key          meaning
//	topic        where the device publishes it; may have wildcards. Needed if it can be read
//	write_topic  where the device hears what is written. Needed if it can be written
//
// The rest is package payload's. The keys qos, retained, write_qos and write_retain of the mqtt driver are allowed, and of commands qos and
// retain, so that a profile may be for both, and mean nothing here: all is written at QoS 1, and nothing is retained.
//
// # Who gets in
//
// Only clients that have an open session do, with their own password. A second connection of a device takes the place of the first,
// which has ended before anything of the second is taken; this is counted ([Driver.Counts]). A device hears only what is written to
// itself. It may publish and subscribe to what is its own: topics under its base, topics with its name as a level, and those that its
// profile names. Other messages are dropped, and counted; a device of MQTT 5 is told, and to others they are acknowledged, as brokers do.
//
// # Presence
//
// Open returns when the device has dialled in. A device that is away for longer than it may be fails, with OFFLINE, and its resources
// are BAD, with NOT_CONNECTED; one that
// is connected and says nothing is found by its stale_after, as any device is. A last will is taken as a message of the device, so that
// a resource can show it, when the connection ends without a farewell; not when the device is there again, and without the delay that
// MQTT 5 may ask for.
//
// # Promises
//
//   - A message at QoS 1 or 2 is acknowledged when its readings are stored. If they cannot be, the connection is cut, so that the device sends
//     it again; a reading may come twice, and none is lost. What is sent at QoS 0 is taken without waiting.
//   - Of a device at most 64 messages wait to be stored. Then it is not read, and others beside it are.
//   - A write has succeeded when the device has acknowledged it (PUBACK). ErrNotSent: no byte of it was given to the kernel, as when the device is
//     away or has not subscribed to the topic within 2s. ErrRefused: the device of MQTT 5 has answered with a reason that is no.
//     All else is unknown.
//   - An answer of a device is never taken for that to another command: while one is owed to a command that was sent and has ended without it,
//     commands at the same response topic end with an unknown outcome when an answer comes. All is certain again when the answers that
//     are owed have come, or a minute after the last such command. A device of MQTT 5 that repeats the correlation data of a
//     command in its answer is always understood.
//   - Nothing is sent twice, also not to a device that dials in anew and has its session back.
//   - Whatever comes from the network, it ends its own connection at most. Who says nothing sensible is cut off after 10s; messages are of
//     256 KiB at most; a device that takes nothing for 3s is cut off; there are at most 64 connections more than devices,
//     and from one address at most 8 that have not logged in yet: who is turned away dials in again. Of wrong passwords there is a warning
//     for each device once a minute, at most.
//   - Close takes no longer than its context lives. When that has ended, nothing is said to the device: the connection is cut.
//
// # What is not promised
//
// A device that subscribes at QoS 0 does not acknowledge: the outcome of a write to it is unknown, until a read-back or a report shows
// it. A command that it answers needs no acknowledgement.
// A device that answers a command more than once, later than a minute after it has ended, or at a response topic of which it makes other use too,
// can be misunderstood; and so can answers to what another gateway, or an earlier process, has sent. See package answer.
//
// QoS 2 is kept on one connection; a message that is sent again on the next is stored again. A subscription lasts as long as listen does,
// and not as long as the device's session.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines, and so may its sessions. A listener has a goroutine, and each
// connection has three.
package mqttd
