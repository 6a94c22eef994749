// An edge node of sparkplug-client, which nobody here wrote, with a device.
//
//   node edge.js PORT
//
// It is Line1 of the group Plant at the broker on loopback, with the device Press. It says "ncmd NAME" and "dcmd NAME VALUE" for each command, asks for
// nothing, and does what is published to the topic "control" as JSON:
//
//   {"do": "data", "device": true, "metrics": [...]}   publishes them
//   {"do": "skip", "n": 3}                             takes so many sequence numbers for messages that nobody gets
//   {"do": "garbage"}                                  publishes what is no Sparkplug, in the name of the device
//   {"do": "death"}, {"do": "birth"}                   of the device
"use strict";

const path = require("path");

const modules = process.env.ROOST_NODE_MODULES;
const load = (name) => require(modules ? path.join(modules, name) : name);
const sparkplug = load("sparkplug-client");

const broker = "mqtt://127.0.0.1:" + process.argv[2];
const edge = sparkplug.newClient({
	serverUrl: broker, username: "", password: "", groupId: "Plant", edgeNode: "Line1", clientId: "edge", version: "spBv1.0", keepalive: 1,
});

let setpoint = 40;
const birth = () => {
	edge.publishDeviceBirth("Press", {
		timestamp: Date.now(),
		metrics: [
			{ name: "Inputs/Speed", alias: 1, type: "Double", value: 0.1 },
			{ name: "Inputs/Count", alias: 2, type: "Int32", value: -70000 },
			{ name: "Outputs/Setpoint", alias: 3, type: "Float", value: setpoint },
			{ name: "Text", alias: 4, type: "String", value: "Größe" },
			{ name: "Started", alias: 5, type: "DateTime", value: 1767323045000 },
			{ name: "Blob", alias: 6, type: "Bytes", value: Buffer.from([1]) },
			{ name: "Reset", alias: 7, type: "Boolean", value: false },
		],
	});
};

edge.on("birth", () => {
	edge.publishNodeBirth({
		timestamp: Date.now(),
		metrics: [
			{ name: "Node Control/Rebirth", type: "Boolean", value: false },
			{ name: "Up", type: "UInt16", value: 1 },
		],
	});
	birth();
});

edge.on("ncmd", (payload) => {
	for (const m of payload.metrics) {
		console.log("ncmd " + m.name);
		if (m.name === "Node Control/Rebirth" && m.value) {
			edge.emit("birth");
		}
	}
});

edge.on("dcmd", (device, payload) => {
	for (const m of payload.metrics) {
		console.log("dcmd " + device + " " + m.name + " " + m.alias + " " + m.type + " " + m.value);
		if (m.name === "Outputs/Setpoint") {
			setpoint = m.value;
			edge.publishDeviceData("Press", { timestamp: Date.now(), metrics: [{ alias: 3, type: "Float", value: setpoint }] });
		}
	}
});

const control = load("mqtt").connect(broker);
control.on("connect", () => control.subscribe("control", () => console.log("controlled")));
control.on("message", (_, text) => {
	const order = JSON.parse(text);
	switch (order.do) {
		case "data": {
			const payload = { timestamp: order.timestamp ?? Date.now(), metrics: order.metrics };
			return order.device ? edge.publishDeviceData("Press", payload) : edge.publishNodeData(payload);
		}
		case "skip":
			for (let i = 0; i < order.n; i++) {
				edge.incrementSeqNum();
			}
			return;
		case "garbage":
			edge.incrementSeqNum();
			return edge.client.publish("spBv1.0/Plant/DDATA/Line1/Press", "{}");
		case "death":
			return edge.publishDeviceDeath("Press", { timestamp: Date.now() });
		case "birth":
			return birth();
	}
});
