<?php

/**
 * The problems on ELMED → Sync: which products, what is wrong, and what to do; one row a cause.
 *
 * Shown by Sync\SyncView; changes nothing.
 */

namespace Elmed\WooCommerce\Sync;

final class ProblemList
{
    public function show(): void
    {
        $groups = Problems::groups();
        echo '<h2>' . esc_html__('Problems', 'elmed-for-woocommerce') . '</h2>';
        if (!$groups) {
            echo '<p>' . esc_html__('None.', 'elmed-for-woocommerce') . '</p>';
            return;
        }
        echo '<p class="description">' . esc_html__('The newest 50. An entry goes by itself when the next sync finds it solved.', 'elmed-for-woocommerce') . '</p>';
        echo '<div class="elmed-scroll" tabindex="0" role="region" aria-label="' . esc_attr__('Problems', 'elmed-for-woocommerce') . '"><table class="widefat striped"><thead><tr>';
        foreach (array(__('Product', 'elmed-for-woocommerce'), __('What is wrong, and what to do', 'elmed-for-woocommerce'), __('Seen', 'elmed-for-woocommerce')) as $heading) {
            printf('<th scope="col">%s</th>', esc_html($heading));
        }
        echo '</tr></thead><tbody>';
        foreach ($groups as $group) {
            $this->row($group);
        }
        echo '</tbody></table></div><p>';
        SyncView::button('clear', __('Empty this list', 'elmed-for-woocommerce'), 'button-secondary');
        echo '</p>';
    }

    /** @param array{what: string, detail: string, at: int, entries: array<int, array<string, mixed>>} $group */
    private function row(array $group): void
    {
        $names = array_map(array($this, 'name'), $group['entries']);
        $which = $names[0];
        if (count($names) > 1) {
            /* translators: %s: a number, 2 or more */
            $summary = sprintf(__('%s products', 'elmed-for-woocommerce'), number_format_i18n(count($names)));
            $which = '<details><summary>' . esc_html($summary) . '</summary><ul><li>' . implode('</li><li>', $names) . '</li></ul></details>';
        }
        /* translators: %s: e.g. "5 minutes" */
        $seen = sprintf(__('%s ago', 'elmed-for-woocommerce'), human_time_diff($group['at']));
        // phpcs:ignore WordPress.Security.EscapeOutput -- $which is escaped where it is made
        echo '<tr><td>' . $which . '</td><td>' . esc_html(Problem::text($group['what'], $group['detail'])) . '</td><td>' . esc_html($seen) . '</td></tr>';
    }

    /** @param array<string, mixed> $entry */
    private function name(array $entry): string
    {
        $words = esc_html(trim($entry['sku'] . ' ' . $entry['name']));
        $link = $entry['product'] ? get_edit_post_link($entry['product']) : null;
        return $link ? sprintf('<a href="%s">%s</a>', esc_url($link), $words) : $words;
    }
}
