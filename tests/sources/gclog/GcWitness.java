import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.GcInfo;
import java.io.PrintWriter;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Map;
import java.util.TreeMap;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/** What the JVM tells of its collections by JMX, one line each, tabs between fields: a witness beside the log.
 *  gc: collector, action, cause, id, start and end [ms of uptime], pool=used before/used after;... [bytes]
 *  total: collector, count, time [ms];  safepoints: count, time, time to reach them [ms] (sun.management, if open);
 *  uptime: [ms]. Runs on 8 and later; on 9 and later --add-exports java.management/sun.management=ALL-UNNAMED. */
public final class GcWitness {
    private final PrintWriter out;

    GcWitness(String file) throws Exception {
        out = new PrintWriter(file, "UTF-8");
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (bean instanceof NotificationEmitter) {
                ((NotificationEmitter) bean).addNotificationListener((n, back) -> {
                    if (n.getType().equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION))
                        tell(GarbageCollectionNotificationInfo.from((CompositeData) n.getUserData()));
                }, null, null);
            }
        }
    }

    private synchronized void tell(GarbageCollectionNotificationInfo told) {
        GcInfo gc = told.getGcInfo();
        StringBuilder pools = new StringBuilder();
        Map<String, MemoryUsage> after = gc.getMemoryUsageAfterGc();
        for (Map.Entry<String, MemoryUsage> pool : new TreeMap<>(gc.getMemoryUsageBeforeGc()).entrySet())
            pools.append(pool.getKey()).append('=').append(pool.getValue().getUsed()).append('/')
                 .append(after.get(pool.getKey()).getUsed()).append(';');
        line("gc", told.getGcName(), told.getGcAction(), told.getGcCause(), gc.getId(), gc.getStartTime(), gc.getEndTime(), pools);
    }

    private synchronized void line(Object... cells) {
        StringBuilder text = new StringBuilder();
        for (Object cell : cells) text.append(text.length() == 0 ? "" : "\t").append(cell);
        out.println(text);
    }

    /** Write the totals; notifications come from a thread of their own, so wait until they are as many as collections. */
    synchronized void close() throws Exception {
        long last = -1;
        for (int i = 0; i < 20; i++) {
            long count = 0;
            for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) count += bean.getCollectionCount();
            if (count == last) break;
            last = count;
            wait(100);
        }
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans())
            line("total", bean.getName(), bean.getCollectionCount(), bean.getCollectionTime());
        try {
            Object hotspot = Class.forName("sun.management.ManagementFactoryHelper").getMethod("getHotspotRuntimeMBean").invoke(null);
            Class<?> type = Class.forName("sun.management.HotspotRuntimeMBean");
            line("safepoints", type.getMethod("getSafepointCount").invoke(hotspot),
                 type.getMethod("getTotalSafepointTime").invoke(hotspot), type.getMethod("getSafepointSyncTime").invoke(hotspot));
        } catch (ReflectiveOperationException closed) {
            line("safepoints", "unknown", closed);
        }
        line("uptime", ManagementFactory.getRuntimeMXBean().getUptime());
        out.close();
    }
}
