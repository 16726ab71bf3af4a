package org.hostscore.interop;

import java.net.URL;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

import org.apache.xmlrpc.XmlRpcException;
import org.apache.xmlrpc.client.XmlRpcClient;
import org.apache.xmlrpc.client.XmlRpcClientConfigImpl;

/**
 * Makes the four calls of an oVirt engine with the engine's client library, configured as the engine configures it, and
 * reads the answers with the engine's own casts (ExternalSchedulerBrokerImpl, ExternalSchedulerBrokerObjectBuilder and
 * ExternalSchedulerDiscoveryResult of oVirt 4.5): what throws here throws in the engine. Prints a line a result; ends with
 * 1 on any exception, and with 2 when its arguments are wrong.
 *
 * <p>Usage: java -jar engine-client.jar URL VM_ID HOST_ID,... FILTER,... SCORE,... BALANCER
 */
public final class EngineClient {
    /** The engine's ExternalSchedulerConnectionTimeout, in ms. */
    private static final int CONNECTION_TIMEOUT = 100;

    /** The engine's ExternalSchedulerResponseTimeout, in ms. */
    private static final int REPLY_TIMEOUT = 120_000;

    /** The factor that an administrator gave each score unit; the engine multiplies by it itself. */
    private static final Integer FACTOR = 2;

    private final XmlRpcClientConfigImpl config;

    private EngineClient(String url) throws Exception {
        config = new XmlRpcClientConfigImpl();
        config.setServerURL(new URL(url));
        config.setEnabledForExtensions(true);
        config.setConnectionTimeout(CONNECTION_TIMEOUT);
        config.setReplyTimeout(REPLY_TIMEOUT);
    }

    public static void main(String[] args) {
        if (args.length != 6) {
            System.err.println("usage: EngineClient URL VM_ID HOST_ID,... FILTER,... SCORE,... BALANCER");
            System.exit(2);
        }
        try {
            EngineClient engine = new EngineClient(args[0]);
            String vm = args[1];
            String[] hosts = args[2].split(",");
            engine.discover();
            engine.runFilters(args[3].split(","), hosts, vm);
            engine.runCostFunctions(args[4].split(","), hosts, vm);
            engine.runLoadBalancing(args[5], hosts);
        } catch (XmlRpcException fault) {
            System.err.println("fault " + fault.code + ": " + fault.getMessage());
            System.exit(1);
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    /** The engine makes a new client, and with it a new connection, for each call. */
    private Object execute(String method, Object... params) throws XmlRpcException {
        XmlRpcClient client = new XmlRpcClient();
        client.setConfig(config);
        return client.execute(method, params);
    }

    private void discover() throws XmlRpcException {
        Map<?, ?> result = (HashMap<?, ?>) execute("discover");
        for (Object type : List.of("filters", "scores", "balance")) {
            Map<?, ?> units = (HashMap<?, ?>) result.get(type);
            for (Map.Entry<?, ?> unit : new TreeMap<>(units).entrySet()) {
                Object[] descriptionAndRegex = (Object[]) unit.getValue();
                String description = descriptionAndRegex[0].toString();
                String regex = descriptionAndRegex[1].toString();
                System.out.println("discover " + type + " " + unit.getKey() + " [" + regex + "] " + firstLine(description));
            }
        }
        for (Object key : result.keySet()) {
            if (!List.of("filters", "scores", "balance").contains(key)) {
                throw new IllegalStateException("the engine knows no " + key);
            }
        }
    }

    private void runFilters(String[] filters, String[] hosts, String vm) throws XmlRpcException {
        Map<?, ?> answer = (HashMap<?, ?>) execute("runFilters", filters, hosts, vm, new HashMap<String, String>());
        printErrors("runFilters", answer);
        for (Object host : (Object[]) answer.get("result")) {
            System.out.println("runFilters " + UUID.fromString(host.toString()));
        }
    }

    private void runCostFunctions(String[] scores, String[] hosts, String vm) throws XmlRpcException {
        List<Object[]> weighted = new ArrayList<>();
        for (String score : scores) {
            weighted.add(new Object[] {score, FACTOR});
        }
        Map<?, ?> answer = (HashMap<?, ?>) execute(
                "runCostFunctions", weighted.toArray(), hosts, vm, new HashMap<String, String>());
        printErrors("runCostFunctions", answer);
        for (Object element : (Object[]) answer.get("result")) {
            Object[] row = (Object[]) element;
            UUID host = UUID.fromString(row[0].toString());
            Integer cost = (Integer) row[1];
            String unit = row.length == 3 ? (String) row[2] : "-";
            System.out.println("runCostFunctions " + host + " " + cost + " " + unit);
        }
    }

    /** A cluster without properties has no map: the engine sends nil. */
    private void runLoadBalancing(String balancer, String[] hosts) throws XmlRpcException {
        Map<?, ?> answer = (HashMap<?, ?>) execute("runLoadBalancing", balancer, hosts, null);
        printErrors("runLoadBalancing", answer);
        Object[] migration = (Object[]) answer.get("result");
        String vm = migration[0].toString();
        if (!vm.isEmpty()) {
            UUID.fromString(vm);
        }
        List<String> targets = new ArrayList<>();
        for (Object host : (Object[]) migration[1]) {
            targets.add(UUID.fromString(host.toString()).toString());
        }
        System.out.println("runLoadBalancing " + (vm.isEmpty() ? "-" : vm) + " " + targets);
    }

    /** The engine reads the errors only when the code is not 0, and the result in any case. */
    private static void printErrors(String method, Map<?, ?> answer) {
        int code = (Integer) answer.get("result_code");
        System.out.println(method + " result_code " + code);
        if (code == 0) {
            return;
        }
        Map<?, ?> pluginErrors = (HashMap<?, ?>) answer.get("plugin_errors");
        if (pluginErrors != null) {
            for (Map.Entry<?, ?> unit : new TreeMap<>(pluginErrors).entrySet()) {
                System.out.println(method + " error of " + unit.getKey() + ": " + Arrays.toString((Object[]) unit.getValue()));
            }
        }
        Object errors = answer.get("errors");
        if (errors != null) {
            System.out.println(method + " errors " + Arrays.toString((Object[]) errors));
        }
    }

    private static String firstLine(String text) {
        return text.strip().split("\n", 2)[0];
    }
}
