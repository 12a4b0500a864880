// Grant a customer 5.00 USD and print what scrip tells of it.
//
// Needs redis.clients:jedis 5 or newer on the class path.
// Run: BROKER_URL=redis://localhost:6379 java -cp 'lib/*' Credits.java CUSTOMER

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadParams;
import redis.clients.jedis.resps.StreamEntry;

public final class Credits {
    private static final String EVENTS = "credits.events";

    /** After any doubt send the message again with the same id: it counts once. */
    static void publish(JedisPooled redis, String type, String id, String data) {
        String event = """
            {"specversion": "1.0", "id": "%s", "source": "/examples/java", "type": "%s",
             "time": "%s", "data": %s}""".formatted(id, type, Instant.now(), data);
        redis.xadd("credits.in", XAddParams.xAddParams(), Map.of("event", event));
    }

    /** Where the stream ends now; a real subscriber keeps the last position it has handled. */
    static StreamEntryID newest(JedisPooled redis) {
        List<StreamEntry> entries = redis.xrevrange(EVENTS, "+", "-", 1);
        return entries.isEmpty() ? new StreamEntryID(0, 0) : entries.get(0).getID();
    }

    /**
     * The first event that names the message; null when none comes for ten seconds.
     *
     * <p>A real subscriber parses each event with its JSON library, ignores an event_seq that is
     * not above the last of its account, and takes a jump in it for a loss.
     */
    static String answer(JedisPooled redis, StreamEntryID position, String id) {
        XReadParams patiently = XReadParams.xReadParams().count(100).block(10_000);
        while (true) {
            List<Map.Entry<String, List<StreamEntry>>> reply =
                redis.xread(patiently, Map.of(EVENTS, position));
            if (reply == null || reply.isEmpty()) {
                return null;
            }
            for (StreamEntry entry : reply.get(0).getValue()) {
                position = entry.getID();
                String event = entry.getFields().get("event");
                if (event.contains("\"" + id + "\"")) {
                    return event;
                }
            }
        }
    }

    public static void main(String[] arguments) {
        String url = System.getenv().getOrDefault("BROKER_URL", "redis://localhost:6379");
        try (JedisPooled redis = new JedisPooled(url)) {
            StreamEntryID position = newest(redis);
            String id = "grant-" + UUID.randomUUID();
            publish(redis, "credit.grant", id, """
                {"customer": "%s", "currency": "USD", "amount": "5.00"}""".formatted(arguments[0]));
            String event = answer(redis, position, id);
            System.out.println(event == null ? "no answer" : event);
            System.exit(event == null ? 1 : 0);
        }
    }
}
