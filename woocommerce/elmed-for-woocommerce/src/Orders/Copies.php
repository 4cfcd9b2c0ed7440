<?php

/**
 * Copies of an order carry nothing of its verification: renewals, and what REST shows.
 *
 * OrderState does not believe meta of another order anyway; this keeps it from being copied at all, and out of every
 * answer that shows an order's meta (REST, webhooks).
 */

namespace Elmed\WooCommerce\Orders;

final class Copies
{
    public function register(): void
    {
        add_filter('wc_subscriptions_object_data', array($this, 'withoutOurs'), 999); // Every kind of copy, as the last filter.
        add_filter('woocommerce_rest_prepare_shop_order_object', array($this, 'stripAnswer'), 999);
        add_filter('woocommerce_rest_prepare_shop_order', array($this, 'stripAnswer'), 999);
    }

    /**
     * @param mixed $data Meta by name.
     * @return mixed
     */
    public function withoutOurs($data)
    {
        return is_array($data) ? array_filter($data, static fn ($name) => !self::isOurs((string) $name), ARRAY_FILTER_USE_KEY) : $data;
    }

    /**
     * @param mixed $response
     * @return mixed
     */
    public function stripAnswer($response)
    {
        if ($response instanceof \WP_REST_Response) {
            $data = self::withoutOurMeta((array) $response->get_data());
            foreach (is_array($data['line_items'] ?? null) ? $data['line_items'] : array() as $at => $item) {
                $data['line_items'][$at] = self::withoutOurMeta((array) $item);
            }
            $response->set_data($data);
        }
        return $response;
    }

    /**
     * @param array<string, mixed> $data An order, or an item of it.
     * @return array<string, mixed>
     */
    private static function withoutOurMeta(array $data): array
    {
        if (isset($data['meta_data']) && is_array($data['meta_data'])) {
            $data['meta_data'] = array_values(array_filter($data['meta_data'], static fn ($meta) => !self::isOurs(self::name($meta))));
        }
        return $data;
    }

    /** @param mixed $meta */
    private static function name($meta): string
    {
        if (is_array($meta)) {
            return (string) ($meta['key'] ?? '');
        }
        return is_object($meta) ? (string) ($meta->key ?? '') : '';
    }

    private static function isOurs(string $name): bool
    {
        return strpos($name, '_elmed_') === 0 || strpos($name, '_wc_other/elmed/') === 0;
    }
}
