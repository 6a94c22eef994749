// Package mqtt is the driver of devices at an MQTT broker: the gateway is a client of the broker, subscribes to what devices publish,
// and publishes what they are told. Any broker of MQTT 3.1.1 will do.
//
// # Address
//
//	key            default  meaning
//	broker                  tcp://host:port, ssl://, ws:// or wss://; the latter two may have a path. Needed
//	client_id               who we are for the broker; {gateway} stands for the gateway's id. Without it one is made that no other
//	                        gateway has. Two clients with one id take the connection from each other for ever
//	username                of the broker
//	password                where it is: file:/path or env:NAME
//	ca                      file with the authorities that may vouch for the broker; without it those of the system
//	cert, key               file with our certificate, and where its key is: file:/path or env:NAME
//	keepalive      15s      how long nothing may be said before the broker is asked whether it is there; at least 1s
//	name           (id)     what {name} stands for in topics; the device's id, unless it is given
//	base                    what {base} stands for in topics; it may have {name} in it
//	qos            1        how surely what is read has to come: 0, 1 or 2
//	presence                topic at which the device says whether it is there, and the broker says it with the device's last will
//	online, offline         what is said there; the words online and offline, unless they are given
//	presence_wait  1s       how long opening waits for word at that topic
//
// Devices with the same broker and the same of client_id, username, password, ca, cert, key and keepalive share one connection.
//
// # Resources
//
//	key           default    meaning
//	topic                    where its values come from; + stands for any one level, # at the end for all that are left. Needed if it
//	                         can be read
//	qos                      as in the address, which it goes before
//	retained      uncertain  what a message is that the broker had kept: uncertain, good, or skip (no reading)
//	write_topic              where a value goes. Needed if it can be written
//	write_qos     1          1 or 2
//	write_retain  false      whether the broker keeps what was written, for a device that comes later
//
// and what package payload reads: json, absent, true, false, scale, offset, time, time_format, write.
//
// # Commands
//
// A command of the profile without steps is published as a whole. Where to is said in the address, with the command's name:
//
//	command.NAME.topic           where it goes. Needed
//	command.NAME.payload         a template that names its arguments; else a JSON object of all
//	command.NAME.qos, .retain    as for writes
//	command.NAME.response        the topic of the device's answer, which becomes the result "response"; else the broker's has to do
//	command.NAME.refused         an answer that says no
//
// # Topics
//
// Profiles are for many devices, so their topics have placeholders: {name} and {base}. Devices of zigbee2mqtt have
//
//	address: {broker: "tcp://localhost:1883", base: "zigbee2mqtt/{name}", name: kitchen}
//	protocol: {topic: "{base}", json: $.temperature}             zigbee2mqtt/kitchen
//	protocol: {write_topic: "{base}/set", write: '{"state": {value}}'}
//
// # Promises
//
//   - A message of QoS 1 or 2 is acknowledged when all its readings are stored, and no earlier.
//   - Of a device 2,048 messages and 4 MiB can wait to be stored. A device that sends faster is held back: its broker is not read until there is room, and
//     so neither is what comes for other devices at the same connection. Where one of them has nothing to store that lasts for at most 3s at once, and
//     a tenth of the time in the long run; then what has no room is let go. So it is after 3s in which nothing of the device could be
//     stored. See Backpressure.
//   - What is dropped is declared: of QoS 0 what finds no room; of QoS 1 and 2 what is let go, and what a session leaves behind
//     that has failed. The latter are acknowledged then, since a broker waits with all that comes after.
//   - A message that the broker had kept is one of unknown age: its values are UNCERTAIN with the reason STALE, unless the payload says when it
//     was sampled, or the resource says that such values are good. It comes once to a session.
//   - Nothing is published twice: not by the library, which is given no way to, and not after a connection is lost. ErrNotSent means that
//     no byte of it was written, nor ever will be. An acknowledgement that does not come leaves the outcome unknown.
//   - An answer of a device is never taken for that to another command: while one is owed to a command that was sent and has ended without it,
//     commands at the same response topic end with an unknown outcome when an answer comes. All is certain again when the answers that
//     are owed have come, or a minute after the last such command. Give commands the time that the device takes.
//   - Contexts are kept: what has not been written when its context ends never is.
//   - A connection that is lost, or silent for longer than keepalive and an answer's time, fails all its sessions; those that come after
//     them connect anew. So does a presence that says offline. Before, readings of BAD quality are stored for all resources: COMM_FAILURE or
//     NOT_CONNECTED.
//   - What is no MQTT ends the connection. A payload of more than 256 KiB is a reading of BAD quality, and is not kept in memory.
//
// # Backpressure
//
// MQTT 3.1.1 knows no way to stop the messages of one topic. What a gateway can do is not to acknowledge, and not to read; both are for a
// connection as a whole. So for a device that sends more than is stored, or whose readings take long to be stored:
//
//   - Its own messages wait: at the gateway as many as are said above, and all others at the broker, which may drop what waits there too
//     long or too much (max_queued_messages of mosquitto), and tells nobody.
//   - Messages of other devices at the connection are stored beside it, each device's in its own order, and wait for it only while it is held back.
//   - A broker sends a connection only so many messages before it waits for acknowledgements: mosquitto 20, unless max_inflight_messages
//     says otherwise. They may all be of one device. As long as these are not stored the broker sends nothing of any device, and the gateway, which
//     acknowledges only what is stored, cannot help that: no bound is promised for it.
//
// A device with a client_id of its own has a connection of its own, and with it all of this for itself.
//
// # What is not promised
//
// An acknowledgement is the broker's: that it has the message, not that the device has, and brokers acknowledge also what they then
// refuse. Let a profile confirm what matters by READBACK or DEVICE_REPORTED: both wait for the resource's own topic to show
// what was written, within its settle_time.
//
// The broker keeps nothing for a gateway that is away: sessions are clean. What is published meanwhile is lost, but for retained messages.
// After a connection is lost, messages that were not acknowledged may come again, or not.
//
// A device that answers a command more than once, later than a minute after it has ended, or at a response topic of which it makes other use too,
// can be misunderstood; and so can answers to what another gateway, or an earlier process, has sent. See package answer.
//
// A retained message counts as a sign of life. Where a device is to be judged by its age, give it retained: skip, or a presence.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines, and so may its sessions. A connection has goroutines of its own; they end with
// its last session.
package mqtt
