<?php

/**
 * A sync's state, reasons and results in words for the shop's people. Used by SyncView, WP-CLI, Site Health and the
 * status report.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Settings\Connection;

final class Words
{
    /** "Running", "Complete" … */
    public static function state(RunState $state): string
    {
        $words = array(
            'running' => $state->error === '' ? __('Running', 'elmed-for-woocommerce') : __('Waiting', 'elmed-for-woocommerce'),
            'done' => __('Complete', 'elmed-for-woocommerce'),
            'cancelled' => __('Cancelled', 'elmed-for-woocommerce'),
            'failed' => __('Needs attention', 'elmed-for-woocommerce'),
        );
        return $words[$state->state] ?? $state->state;
    }

    /** Why it waits or has stopped, and what to do; "" when there is nothing to say. */
    public static function reason(RunState $state): string
    {
        if ($state->error === '') {
            return '';
        }
        $again = '';
        if ($state->running()) {
            /* translators: %s: e.g. "5 minutes" */
            $again = ' ' . sprintf(__('It goes on by itself in %s.', 'elmed-for-woocommerce'), human_time_diff(time(), max(time() + 1, $state->next_at)));
        }
        $words = array(
            'waiting' => __('The requests that ELMED allows a minute are used up.', 'elmed-for-woocommerce'),
            'fault' => __('A step failed inside WordPress; WooCommerce → Status → Logs, source “elmed”, says where.', 'elmed-for-woocommerce'),
            'refused' => __('ELMED refused the request.', 'elmed-for-woocommerce'),
            'other_account' => __('The key belongs to another ELMED account, or to the test world, than the products in this shop came from. Nothing was changed.', 'elmed-for-woocommerce'),
        );
        return ($words[$state->error] ?? (new Connection($state->error))->text()) . $again;
    }

    /** What a sync did with a product. */
    public static function result(string $result): string
    {
        $words = array(
            'created' => __('Created', 'elmed-for-woocommerce'),
            'updated' => __('Updated', 'elmed-for-woocommerce'),
            'adopted' => __('Connected', 'elmed-for-woocommerce'),
            'unchanged' => __('Unchanged', 'elmed-for-woocommerce'),
            'retired' => __('Hidden: retired in ELMED', 'elmed-for-woocommerce'),
            'gone' => __('Hidden: not in ELMED any more', 'elmed-for-woocommerce'),
            'skipped' => __('Left alone', 'elmed-for-woocommerce'),
            'problem' => __('With a problem', 'elmed-for-woocommerce'),
        );
        return $words[$result] ?? $result;
    }

    /**
     * "Created 3, unchanged 497": what is not zero.
     *
     * @param array<string, int> $counts
     * @return array<int, string>
     */
    public static function counts(array $counts): array
    {
        $words = array();
        foreach ($counts as $what => $count) {
            if ($what !== 'seen' && $count > 0) {
                $word = $what === 'retired' ? __('Hidden', 'elmed-for-woocommerce') : self::result($what);
                $words[] = $word . ': ' . number_format_i18n($count);
            }
        }
        return $words;
    }
}
