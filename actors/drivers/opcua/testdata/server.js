// A server of node-opcua, which nobody here wrote, with what the driver's tests ask of it.
//
//   node server.js PORT FOLDER
//
// FOLDER has server.pem and server.key, or the server makes its own, and in pki/trusted/certs the certificates of clients that are let in.
// It says "ready" once it is. Without security anybody is let in, and anna with the password "right".
"use strict";

const fs = require("fs");
const path = require("path");

const modules = process.env.ROOST_NODE_MODULES;
const opcua = require(modules ? path.join(modules, "node-opcua") : "node-opcua");

const { DataType, Variant, StatusCodes, DataValue, VariantArrayType } = opcua;
const [port, folder] = [Number(process.argv[2]), process.argv[3]];

async function certificates() {
	const manager = new opcua.OPCUACertificateManager({
		rootFolder: path.join(folder, "pki"), automaticallyAcceptUnknownCertificate: false,
	});
	await manager.initialize();
	return manager;
}

function own() {
	const certificateFile = path.join(folder, "server.pem");
	return fs.existsSync(certificateFile) ? { certificateFile, privateKeyFile: path.join(folder, "server.key") } : {};
}

function populate(server) {
	const space = server.engine.addressSpace;
	const own = space.registerNamespace("urn:roost:plant"); // ns=2
	const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Plant", nodeId: "s=Plant" });
	let writes = 0;

	const add = (name, dataType, value, more = {}) =>
		own.addVariable({
			componentOf: plant, browseName: name, nodeId: "s=" + name, dataType, value: { dataType: DataType[dataType] ?? DataType.Double, arrayType: VariantArrayType.Scalar, value }, ...more,
		});
	const kinds = {
		Boolean: true, SByte: -8, Byte: 8, Int16: -16, UInt16: 16, Int32: -32, UInt32: 32, Int64: [0, 64], UInt64: [0, 64], Float: 0.1, Double: 0.1,
		String: "Kessel", DateTime: new Date("2024-05-06T07:08:09Z"), ByteString: Buffer.from([1, 2, 3]),
		LocalizedText: { text: "Pumpe", locale: "de" },
	};
	for (const [kind, value] of Object.entries(kinds)) {
		add(kind, kind, value);
	}
	add("Number", "Number", 7.5); // an abstract type: the value has the type that it has
	add("Array", "Double", [1, 2, 3], { valueRank: 1, arrayDimensions: [3], value: { dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2, 3] } });
	add("Fixed", "Double", 1, { accessLevel: "CurrentRead", userAccessLevel: "CurrentRead" });
	const counter = add("Counter", "UInt32", 0);
	let ticks = 0;
	setInterval(() => counter.setValueFromSource({ dataType: DataType.UInt32, value: ++ticks }), 50);

	let level = 20;
	own.addVariable({ // a setter that counts, and that refuses
		componentOf: plant, browseName: "Level", nodeId: "s=Level", dataType: "Double", minimumSamplingInterval: 50,
		value: {
			get: () => new Variant({ dataType: DataType.Double, value: level }),
			set: (v) => {
				writes++;
				if (v.value > 100) return StatusCodes.BadOutOfRange;
				if (v.value < 0) return StatusCodes.BadDeviceFailure;
				level = v.value;
				return StatusCodes.Good;
			},
		},
	});
	own.addVariable({
		componentOf: plant, browseName: "Writes", nodeId: "s=Writes", dataType: "UInt32", minimumSamplingInterval: 50,
		value: { get: () => new Variant({ dataType: DataType.UInt32, value: writes }) },
	});
	const stated = (name, statusCode) =>
		own.addVariable({
			componentOf: plant, browseName: name, nodeId: "s=" + name, dataType: "Double", minimumSamplingInterval: 50,
			value: {
				timestamped_get: () => new DataValue({
					value: new Variant({ dataType: DataType.Double, value: 3 }), statusCode, sourceTimestamp: new Date("2020-01-02T03:04:05Z"),
				}),
			},
		});
	stated("Broken", StatusCodes.BadSensorFailure);
	stated("Unsure", StatusCodes.UncertainLastUsableValue);
	stated("Old", StatusCodes.Good);
	own.addVariable({
		componentOf: plant, browseName: "Slow", nodeId: "s=Slow", dataType: "Double", minimumSamplingInterval: 50,
		value: {
			refreshFunc: (done) => setTimeout(() => done(null, new DataValue({ value: new Variant({ dataType: DataType.Double, value: 5 }) })), 700),
		},
	});
	methods(own, plant);
}

function methods(own, plant) {
	const add = own.addMethod(plant, {
		browseName: "Add", nodeId: "s=Plant.Add",
		inputArguments: [{ name: "a", dataType: DataType.Int32 }, { name: "b", dataType: DataType.Double }],
		outputArguments: [{ name: "sum", dataType: DataType.Double }],
	});
	add.bindMethod((inputs, context, done) => done(null, {
		statusCode: StatusCodes.Good, outputArguments: [{ dataType: DataType.Double, value: inputs[0].value + inputs[1].value }],
	}));
	const start = own.addMethod(plant, { browseName: "Start", nodeId: "s=Plant.Start", inputArguments: [], outputArguments: [] });
	start.bindMethod((inputs, context, done) => done(null, { statusCode: StatusCodes.BadDeviceFailure }));
}

(async () => {
	const manager = await certificates();
	const server = new opcua.OPCUAServer({
		port, hostname: "127.0.0.1", resourcePath: "/plant",
		serverInfo: { applicationUri: "urn:roost:test:server" },
		...own(), serverCertificateManager: manager,
		userCertificateManager: manager,
		securityPolicies: ["None", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"].map((p) => opcua.SecurityPolicy[p]),
		securityModes: [opcua.MessageSecurityMode.None, opcua.MessageSecurityMode.Sign, opcua.MessageSecurityMode.SignAndEncrypt],
		allowAnonymous: true, userManager: { isValidUser: (name, password) => name === "anna" && password === "right" },
		maxConnectionsPerEndpoint: 50,
		serverCapabilities: { maxSessions: 50, operationLimits: { maxNodesPerRead: 200, maxNodesPerWrite: 200 } },
	});
	await server.initialize();
	populate(server);
	await server.start();
	console.log("ready");
})().catch((err) => {
	console.error(err);
	process.exit(1);
});
