<?php

/**
 * The plugin's jobs in Action Scheduler's own tables, for moments when WooCommerce may not be loaded: uninstalling, and
 * the other sites of a network. Everywhere else Action Scheduler's functions are the way.
 */

namespace Elmed\WooCommerce\Database;

use Elmed\WooCommerce\Plugin;

final class JobTables
{
    /** No job of this site's runs any more; what ran stays in the log. */
    public static function cancel(): void
    {
        global $wpdb;
        $group = self::group();
        if ($group > 0) {
            $actions = $wpdb->prefix . 'actionscheduler_actions';
            $wpdb->query($wpdb->prepare("UPDATE $actions SET status = 'canceled' WHERE status = 'pending' AND group_id = %d", $group)); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    /** Jobs, their log and their group are gone from this site. */
    public static function drop(): void
    {
        global $wpdb;
        $group = self::group();
        if ($group > 0) {
            // phpcs:disable WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- names of tables
            list($groups, $actions, $logs) = array($wpdb->prefix . 'actionscheduler_groups', $wpdb->prefix . 'actionscheduler_actions', $wpdb->prefix . 'actionscheduler_logs');
            $wpdb->query($wpdb->prepare("DELETE l FROM $logs l JOIN $actions a ON a.action_id = l.action_id WHERE a.group_id = %d", $group));
            $wpdb->query($wpdb->prepare("DELETE FROM $actions WHERE group_id = %d", $group));
            $wpdb->query($wpdb->prepare("DELETE FROM $groups WHERE group_id = %d", $group));
            // phpcs:enable
        }
    }

    /** 0 where the site has no such tables, or nothing of the plugin's in them. */
    private static function group(): int
    {
        global $wpdb;
        foreach (array('groups', 'actions', 'logs') as $table) {
            $name = $wpdb->prefix . 'actionscheduler_' . $table;
            if ($wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($name))) !== $name) {
                return 0;
            }
        }
        return (int) $wpdb->get_var($wpdb->prepare("SELECT group_id FROM {$wpdb->prefix}actionscheduler_groups WHERE slug = %s", Plugin::JOBS));
    }
}
