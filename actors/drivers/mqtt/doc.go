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
//	payload        any      sparkplug: the device speaks Sparkplug B, and what follows on it replaces all from name to presence
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
// # Sparkplug B
//
// Of a device with payload: sparkplug the address has, besides that of the broker,
//
//	group                   id of the group. Needed
//	edge_node               id of the edge node. Needed
//	device                  id of the device behind it; without it the resources are metrics of the edge node itself
//	presence_wait  5s       how long opening waits for the birth, and a device has for its own after that of its edge node
//	command.NAME.metric     the metric that a command without steps is written to: its one argument, or true if it has none
//
// and a resource has
//
//	metric                  the name of its metric, as it is in the birth. Needed
//	datatype                what that has to be: Int8 to Int64, UInt8 to UInt64, Float, Double, Boolean, String, DateTime, Text, UUID; any that
//	                        fits the resource's type, if it is not given. A DateTime is milliseconds since 1970 as a number, and RFC 3339 as text
//
// The gateway takes births, data and deaths of the edge node and of all devices behind it, since they have one sequence, and publishes commands.
//
//   - A device is there from its birth to its death, or that of its edge node. A death that belongs to another birth (bdSeq) is nothing. A birth gives a reading
//     of each resource. Opening without one fails.
//   - What is missing in the sequence is declared lost by all devices of the edge node, each message as one reading: whose they were nobody knows. Values
//     that come then are UNCERTAIN with COMM_FAILURE, until the edge node is born again, since names by alias may have changed.
//   - The edge node is asked for its births (Node Control/Rebirth) when a session begins and there is none, when something is missing or cannot be
//     read, when data come before a birth, and at an alias that no birth has named. It is asked once for all of that, at most once a second, and for what is
//     missing with a pause that doubles up to 16s.
//   - A metric's time, or else that of its message, is the reading's source time. A historical value, and one whose property Quality is 500, is UNCERTAIN with
//     STALE, so that it confirms no write; null, and Quality 0, is BAD with SENSOR_FAULT. A value of another datatype, or that does not fit the resource, is BAD with DECODE_ERROR and
//     the datatype's number as vendor code, and so is a resource that the birth has no metric for.
//   - A metric is written in the datatype that it was born with, by its name, and its alias if it has one. What was not born is not written: ErrNotSent. So is a value
//     that does not fit. As with all of MQTT, success says that the broker has it; what the device shows then is its next DDATA.
//   - What a session misses of a device that was born before it, it is given: the last values since the birth.
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
// Of Sparkplug B the gateway is no primary host: it publishes no STATE, and edge nodes that wait for one do not see it. Messages that a broker delivers out of
// order are not put in order: that is a gap. DataSets, Templates, Bytes, Files, arrays and compressed payloads are not read. Commands are published at
// QoS 1, so that the broker says that it has them, where the specification says 0, and have name and alias, where it says one of them. Of an edge node
// 16,384 metrics are taken, a device counted as one more, and texts of up to 1 KiB are given to sessions that come later; a birth of more than
// 256 KiB is none.
//
// A retained message counts as a sign of life. Where a device is to be judged by its age, give it retained: skip, or a presence.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines, and so may its sessions. A connection has goroutines of its own; they end with
// its last session.
package mqtt
