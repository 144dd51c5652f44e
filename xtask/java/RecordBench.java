import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * What one record costs the Java classes: the jobs of tests/records, by the same names. One line a job: name, nanoseconds
 * and allocated bytes for each record, with tabs between. Arguments: how many seconds each job runs warm, and how many it
 * is measured; then, perhaps, a part of the names of the jobs to run.
 */
public final class RecordBench {
    private static final String TOPIC = "shop.public.orders";
    /** Results go where no compiler can prove that nobody looks. */
    private static volatile Object sink;

    private record Job(String name, Supplier<Object> once) { }

    public static void main(String[] arguments) throws Exception {
        double warmSeconds = Double.parseDouble(arguments[0]);
        double seconds = Double.parseDouble(arguments[1]);
        String part = arguments.length > 2 ? arguments[2] : "";
        for (Job job : jobs()) {
            if (!job.name().contains(part)) continue;
            measure(job, warmSeconds);
            double[] result = measure(job, seconds);
            System.out.printf("%s\t%.1f\t%.0f%n", job.name(), result[0], result[1]);
        }
    }

    /** Nanoseconds and bytes for each call: the time that a tenth of many short rounds is below. */
    private static double[] measure(Job job, double seconds) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int calls = 1000;
        double bytes = 0;
        List<Double> rounds = new ArrayList<>();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() < end) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long started = System.nanoTime();
            for (int call = 0; call < calls; call++) sink = job.once().get();
            double time = (System.nanoTime() - started) / (double) calls;
            bytes = (threads.getCurrentThreadAllocatedBytes() - before) / (double) calls;
            rounds.add(time);
        }
        rounds.sort(null);
        return new double[] {rounds.get(rounds.size() / 10), bytes};
    }

    private static List<Job> jobs() throws Exception {
        List<Job> jobs = new ArrayList<>();
        Struct order = order(orderBuilder().build());
        converter(jobs, "JsonConverter with schema", "org.apache.kafka.connect.json.JsonConverter", Map.of(), order.schema(), order);
        converter(jobs, "JsonConverter without schema", "org.apache.kafka.connect.json.JsonConverter", Map.of("schemas.enable", "false"), null, orderMap());
        converter(jobs, "StringConverter", "org.apache.kafka.connect.storage.StringConverter", Map.of(), Schema.STRING_SCHEMA, "SHIPPED");
        converter(jobs, "LongConverter", "org.apache.kafka.connect.converters.LongConverter", Map.of(), Schema.INT64_SCHEMA, 4711L);

        Map<String, Map<String, String>> onOrders = onOrders();
        SourceRecord record = record(order.schema(), order);
        jobs.add(new Job("no transformation", () -> fresh(record)));
        onOrders.forEach((name, config) -> transformation(jobs, name, KAFKA + name, config, record));
        SourceRecord map = record(null, orderMap());
        for (String name : List.of("Cast$Value", "ExtractField$Value", "Flatten$Value", "HeaderFrom$Value", "HoistField$Value",
            "InsertField$Value", "MaskField$Value", "ReplaceField$Value", "TimestampConverter$Value", "ValueToKey")) {
            transformation(jobs, name + " of a map", KAFKA + name, onOrders.get(name), map);
        }
        SourceRecord change = change();
        transformation(jobs, "ExtractNewRecordState", "io.debezium.transforms.ExtractNewRecordState", Map.of(), change);
        transformation(jobs, "ExtractNewRecordState with metadata", "io.debezium.transforms.ExtractNewRecordState",
            Map.of("delete.tombstone.handling.mode", "rewrite", "add.fields", "op,source.ts_ms", "add.headers", "db"), change);
        transformation(jobs, "ByLogicalTableRouter", "io.debezium.transforms.ByLogicalTableRouter",
            Map.of("topic.regex", "(.*)orders(.*)", "topic.replacement", "$1all_orders"), change);
        chain(jobs, "InsertField, ReplaceField, Cast", onOrders, record);
        chain(jobs, "InsertField, ReplaceField, Cast of a map", onOrders, map);
        chain(jobs, "InsertField, ReplaceField, Cast of a map with its own keys", onOrders, map);
        return jobs;
    }

    private static final String KAFKA = "org.apache.kafka.connect.transforms.";

    private static Map<String, Map<String, String>> onOrders() {
        Map<String, Map<String, String>> jobs = new LinkedHashMap<>();
        jobs.put("Cast$Value", Map.of("spec", "customer:string,weight:int32"));
        jobs.put("DropHeaders", Map.of("headers", "h"));
        jobs.put("ExtractField$Value", Map.of("field", "address.city", "field.syntax.version", "V2"));
        jobs.put("Flatten$Value", Map.of("delimiter", "_"));
        jobs.put("HeaderFrom$Value", Map.of("fields", "status", "headers", "status", "operation", "copy"));
        jobs.put("HoistField$Value", Map.of("field", "order"));
        jobs.put("InsertField$Value", Map.of("topic.field", "topic", "timestamp.field", "ts", "static.field", "dc", "static.value", "eu"));
        jobs.put("InsertHeader", Map.of("header", "h", "value.literal", "12"));
        jobs.put("MaskField$Value", Map.of("fields", "email", "replacement", "***"));
        jobs.put("RegexRouter", Map.of("regex", "(.*)\\.public\\.(.*)", "replacement", "$1_$2"));
        jobs.put("ReplaceField$Value", Map.of("exclude", "note,weight", "renames", "id:order_id"));
        jobs.put("SetSchemaMetadata$Value", Map.of("schema.name", "com.example.v2.Order", "schema.version", "2"));
        jobs.put("TimestampConverter$Value", Map.of("field", "created_at", "target.type", "string", "format", "yyyy-MM-dd'T'HH:mm:ss.SSS"));
        jobs.put("TimestampRouter", Map.of("topic.format", "${topic}-${timestamp}", "timestamp.format", "yyyyMMdd"));
        jobs.put("ValueToKey", Map.of("fields", "id,customer"));
        return jobs;
    }

    private static void converter(List<Job> jobs, String name, String type, Map<String, String> config, Schema schema, Object value) throws Exception {
        Converter converter = (Converter) Class.forName(type).getDeclaredConstructor().newInstance();
        converter.configure(config, false);
        byte[] bytes = converter.fromConnectData("orders", schema, value);
        jobs.add(new Job(name + " write", () -> converter.fromConnectData("orders", schema, value)));
        jobs.add(new Job(name + " read", () -> converter.toConnectData("orders", bytes)));
    }

    @SuppressWarnings("unchecked")
    private static Transformation<SourceRecord> make(String type, Map<String, String> config) {
        try {
            Transformation<SourceRecord> made = (Transformation<SourceRecord>) Class.forName(type).getDeclaredConstructor().newInstance();
            made.configure(config);
            return made;
        } catch (ReflectiveOperationException problem) {
            throw new IllegalStateException(problem);
        }
    }

    /** A transformation that changes headers changes those of the record that it was given, so each call gets fresh ones. */
    private static void transformation(List<Job> jobs, String name, String type, Map<String, String> config, SourceRecord record) {
        Transformation<SourceRecord> transformation = make(type, config);
        jobs.add(new Job(name, () -> transformation.apply(fresh(record))));
    }

    private static void chain(List<Job> jobs, String name, Map<String, Map<String, String>> configs, SourceRecord record) {
        Transformation<SourceRecord> insert = make(KAFKA + "InsertField$Value", configs.get("InsertField$Value"));
        Transformation<SourceRecord> replace = make(KAFKA + "ReplaceField$Value", configs.get("ReplaceField$Value"));
        Transformation<SourceRecord> cast = make(KAFKA + "Cast$Value", Map.of("spec", "customer:string"));
        jobs.add(new Job(name, () -> cast.apply(replace.apply(insert.apply(fresh(record))))));
    }

    private static SourceRecord fresh(SourceRecord r) {
        return new SourceRecord(r.sourcePartition(), r.sourceOffset(), r.topic(), r.kafkaPartition(), r.keySchema(), r.key(),
            r.valueSchema(), r.value(), r.timestamp());
    }

    private static SourceRecord record(Schema schema, Object value) {
        return new SourceRecord(null, null, TOPIC, 3, Schema.STRING_SCHEMA, "key", schema, value, 1_600_000_000_123L);
    }

    private static SchemaBuilder orderBuilder() {
        Schema address = SchemaBuilder.struct().name("com.example.Address").optional()
            .field("street", Schema.STRING_SCHEMA).field("city", Schema.STRING_SCHEMA).field("zip", Schema.OPTIONAL_STRING_SCHEMA).build();
        return SchemaBuilder.struct().name("com.example.Order")
            .field("id", Schema.INT64_SCHEMA).field("customer", Schema.INT32_SCHEMA).field("status", Schema.STRING_SCHEMA)
            .field("email", Schema.OPTIONAL_STRING_SCHEMA).field("note", Schema.OPTIONAL_STRING_SCHEMA).field("paid", Schema.BOOLEAN_SCHEMA)
            .field("weight", Schema.FLOAT64_SCHEMA).field("total", Decimal.schema(2)).field("created_at", Timestamp.SCHEMA)
            .field("address", address);
    }

    private static Struct order(Schema schema) {
        Struct address = new Struct(schema.field("address").schema()).put("street", "1 Main Street").put("city", "Springfield").put("zip", "12345");
        return new Struct(schema).put("id", 9_007_199_254L).put("customer", 4711).put("status", "SHIPPED").put("email", "someone@example.com")
            .put("paid", true).put("weight", 12.75).put("total", new BigDecimal("1299.95")).put("created_at", new Date(1_600_000_000_123L))
            .put("address", address);
    }

    private static Map<String, Object> orderMap() {
        Map<String, Object> address = new LinkedHashMap<>();
        address.put("street", "1 Main Street");
        address.put("city", "Springfield");
        address.put("zip", "12345");
        Map<String, Object> order = new LinkedHashMap<>();
        order.put("id", 9_007_199_254L);
        order.put("customer", 4711L);
        order.put("status", "SHIPPED");
        order.put("email", "someone@example.com");
        order.put("note", null);
        order.put("paid", true);
        order.put("weight", 12.75);
        order.put("total", 1299.95);
        order.put("created_at", 1_600_000_000_123L);
        order.put("address", address);
        return order;
    }

    private static SourceRecord change() {
        Schema row = orderBuilder().optional().build();
        Schema source = SchemaBuilder.struct().name("io.debezium.connector.postgresql.Source")
            .field("version", Schema.STRING_SCHEMA).field("connector", Schema.STRING_SCHEMA).field("name", Schema.STRING_SCHEMA)
            .field("ts_ms", Schema.INT64_SCHEMA).field("db", Schema.STRING_SCHEMA).field("schema", Schema.STRING_SCHEMA)
            .field("table", Schema.STRING_SCHEMA).field("lsn", Schema.OPTIONAL_INT64_SCHEMA).build();
        Schema envelope = SchemaBuilder.struct().name("shop.public.orders.Envelope").version(1)
            .field("before", row).field("after", row).field("source", source).field("op", Schema.STRING_SCHEMA)
            .field("ts_ms", Schema.OPTIONAL_INT64_SCHEMA).build();
        Struct origin = new Struct(source).put("version", "3.0.0.Final").put("connector", "postgresql").put("name", "shop")
            .put("ts_ms", 1_600_000_000_000L).put("db", "shop").put("schema", "public").put("table", "orders").put("lsn", 123_456L);
        Struct value = new Struct(envelope).put("before", order(row)).put("after", order(row)).put("source", origin)
            .put("op", "u").put("ts_ms", 1_600_000_000_200L);
        Schema key = SchemaBuilder.struct().name("shop.public.orders.Key").field("id", Schema.INT64_SCHEMA).build();
        return new SourceRecord(null, null, TOPIC, 3, key, new Struct(key).put("id", 9_007_199_254L), envelope, value, 1_600_000_000_123L);
    }
}
