// A server of node-opcua, which nobody here wrote, with a small plant to be browsed.
//
//   node plant.js PORT FOLDER
//
// FOLDER has server.pem and server.key. It says "ready" once it is, and "written" if anybody writes.
"use strict";

const path = require("path");
const modules = process.env.ROOST_NODE_MODULES;
const opcua = require(modules ? path.join(modules, "node-opcua") : "node-opcua");

const { DataType, Variant, StatusCodes, VariantArrayType } = opcua;
const [port, folder] = [Number(process.argv[2]), process.argv[3]];

function populate(server) {
	const space = server.engine.addressSpace;
	const own = space.registerNamespace("urn:roost:plant"); // ns=2
	const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Plant", nodeId: "s=Plant" });
	const boiler = own.addObject({ componentOf: plant, browseName: "Boiler #1", nodeId: "s=Boiler" });
	const add = (parent, name, dataType, value, more = {}) =>
		own.addVariable({
			componentOf: parent, browseName: name, nodeId: "s=" + name, dataType, accessLevel: "CurrentRead", userAccessLevel: "CurrentRead",
			value: { dataType: DataType[dataType], value }, ...more,
		});
	own.addAnalogDataItem({
		componentOf: boiler, browseName: "Temperature", nodeId: "s=Temperature", dataType: "Double", engineeringUnitsRange: { low: 0, high: 120 },
		instrumentRange: { low: -50, high: 200 }, engineeringUnits: opcua.standardUnits.degree_celsius, value: { dataType: DataType.Double, value: 61.5 },
		accessLevel: "CurrentRead", userAccessLevel: "CurrentRead",
	});
	own.addVariable({
		componentOf: boiler, browseName: "Setpoint", nodeId: "s=Setpoint", dataType: "Float",
		value: {
			get: () => new Variant({ dataType: DataType.Float, value: 60 }),
			set: () => { console.log("written"); return StatusCodes.Good; },
		},
	});
	add(plant, "Count", "UInt32", 7);
	add(plant, "Running", "Boolean", true);
	add(plant, "Name", "String", "Kessel\n1");
	add(plant, "Array", "Double", [1, 2], { valueRank: 1, arrayDimensions: [2], value: { dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2] } });
	for (let i = 0; i < 120; i++) { // more than one question takes
		const folderObject = own.addObject({ componentOf: plant, browseName: "Cell" + i, nodeId: "s=Cell" + i });
		add(folderObject, "Level" + i, "Int16", i);
	}
	boiler.addReference({ referenceType: "Organizes", nodeId: plant }); // round in a circle
}

(async () => {
	const manager = new opcua.OPCUACertificateManager({ rootFolder: path.join(folder, "pki"), automaticallyAcceptUnknownCertificate: true });
	await manager.initialize();
	const server = new opcua.OPCUAServer({
		port, hostname: "127.0.0.1", resourcePath: "/plant", serverInfo: { applicationUri: "urn:roost:test:server" },
		certificateFile: path.join(folder, "server.pem"), privateKeyFile: path.join(folder, "server.key"), serverCertificateManager: manager,
		userCertificateManager: manager, securityPolicies: [opcua.SecurityPolicy.None], securityModes: [opcua.MessageSecurityMode.None],
		allowAnonymous: true, serverCapabilities: { maxSessions: 5, maxBrowseContinuationPoints: 10, operationLimits: { maxNodesPerRead: 250, maxNodesPerBrowse: 60 } },
	});
	await server.initialize();
	populate(server);
	await server.start();
	console.log("ready");
})().catch((err) => {
	console.error(err);
	process.exit(1);
});
