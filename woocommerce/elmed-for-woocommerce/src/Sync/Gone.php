<?php

/**
 * Products of the shop that ELMED's complete list did not name: asked for one by one, and hidden when ELMED does not
 * have them any more.
 *
 * Called by Sync\Run at the end of a full sync only. Nothing is deleted.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use WC_Product;

final class Gone
{
    private Client $client;
    private Page $page;

    public function __construct(Client $client)
    {
        $this->client = $client;
        $this->page = new Page($client);
    }

    /** @return Answer|null What ELMED refused with; null when it went on. Stage "done" when there is nothing left. */
    public function work(RunState $state, float $until): ?Answer
    {
        foreach ($this->notSeen($state) as $product => $id) {
            if (microtime(true) > $until || $state->isCancelled()) {
                return null;
            }
            // One without an id was let go when the account was changed, and the new account does not have it.
            $answer = $id === 0 ? new Answer(404, array('code' => 'not_found')) : $this->client->request('GET', '/products/' . $id);
            if ($answer->status === 404 && $answer->code === 'not_found') {
                $this->hide($state, $product);
            } elseif ($answer->ok() && $answer->is_json) {
                $this->page->bring($state, $answer->data, array(), (new Unreported())->quantities());
                $state->addSeen(array($id));
            } else {
                return $answer->ok() ? Answer::none() : $answer;
            }
        }
        $state->stage = 'done';
        return null;
    }

    /** @return array<int, int> Product => ELMED's id: connected, offered, and not named by the list. */
    private function notSeen(RunState $state): array
    {
        global $wpdb;
        $seen = $state->seen();
        $rows = $wpdb->get_results(
            $wpdb->prepare(
                "SELECT m.post_id, m.meta_value FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id
                LEFT JOIN {$wpdb->postmeta} a ON a.post_id = m.post_id AND a.meta_key = %s
                WHERE m.meta_key = %s AND p.post_type IN ('product', 'product_variation') AND p.post_status != 'trash'
                AND COALESCE(a.meta_value, 'yes') != 'no'",
                ProductMeta::ACTIVE,
                ProductMeta::ID
            )
        );
        $left = array();
        foreach ($rows as $row) {
            if (!isset($seen[(int) $row->meta_value]) || (int) $row->meta_value === 0) {
                $left[(int) $row->post_id] = (int) $row->meta_value;
            }
        }
        return $left;
    }

    private function hide(RunState $state, int $id): void
    {
        $product = wc_get_product($id);
        if (!$product instanceof WC_Product) {
            return;
        }
        Writer::hide($product);
        $product->delete_meta_data(ProductMeta::HASH);
        $product->update_meta_data(ProductMeta::RESULT, 'gone');
        $product->update_meta_data(ProductMeta::SYNCED_AT, gmdate('Y-m-d H:i:s'));
        $product->save();
        $state->counts[Upsert::RETIRED]++;
        do_action('elmed_product_synced', $product, 'gone', (int) $product->get_meta(ProductMeta::ID));
    }
}
