// Package findmqtt listens at an MQTT broker for a time, and makes devices of what it hears.
//
//	message --collect--> topic with what its payloads were --group--> device with a base, presence, resources
//
// Topics are put together by what their makers do, where that is known: Tasmota (tele/NAME/SENSOR), ESPHome (NAME/sensor/ID/state), zigbee2mqtt
// (zigbee2mqtt/NAME). Of others, a topic with a JSON object is a device, and topics with plain values are one with those beside them. Each value of
// a JSON object becomes a resource of its own. Types are guessed from all that was heard: a topic that had a number once, and a word another time, is text.
//
// Nothing is published. What nobody publishes while it listens, and no broker has kept, is not heard.
package findmqtt
