<?php

/**
 * One product of ELMED's becomes, or updates, one product of the shop; never two.
 *
 * Called by Sync\Page and Sync\Gone. Look-up and save happen inside a lock on the SKU: by the stored ELMED id first,
 * then by SKU, then a new one. What happened is the answer; what stood in the way is a Problem.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Database\Locked;
use Elmed\WooCommerce\Settings\Options;
use WC_Product;
use WC_Product_Simple;

final class Upsert
{
    public const CREATED = 'created';
    public const UPDATED = 'updated';
    public const ADOPTED = 'adopted';
    public const UNCHANGED = 'unchanged';
    public const RETIRED = 'retired';
    public const SKIPPED = 'skipped';

    private Finder $finder;
    private Images $images;

    public function __construct(?Finder $finder = null, ?Images $images = null)
    {
        $this->finder = $finder ?? new Finder();
        $this->images = $images ?? new Images();
    }

    /**
     * @param callable|null $sold Takes a product, says how many packs of it were sold here that ELMED does not know of. Asked
     *                            at the last moment, within the transaction that saves.
     * @return string One of the constants above.
     * @throws Problem When it was not brought over, or not whole (noted already in that case).
     */
    public function run(Item $item, ?callable $sold = null): string
    {
        try {
            return Lock::hold('sku-' . strtolower($item->sku), 10, fn () => $this->locked($item, $sold ?? static fn () => 0));
        } catch (Locked $locked) {
            throw new Problem(Problem::BUSY);
        } catch (\WC_Data_Exception $refused) {
            throw new Problem(Problem::NOT_SAVED, $refused->getMessage());
        }
    }

    /** What of the settings and the shop decides how a product is written; a change makes all products due again. */
    public static function settings(): string
    {
        $tax = wc_tax_enabled() && !wc_prices_include_tax() ? 'without' : 'with';
        return implode('|', array('1', get_woocommerce_currency(), $tax, Options::get(Options::OVERWRITE_EDITS)));
    }

    private function locked(Item $item, callable $sold): string
    {
        /**
         * Whether a product of ELMED's belongs into this shop. A no leaves an existing one as it is.
         *
         * @param bool $wanted Yes by default.
         * @param int  $id     ELMED's id.
         * @param string $sku  Its SKU.
         */
        if (!apply_filters('elmed_sync_product', true, $item->id, $item->sku)) {
            return self::SKIPPED;
        }
        $id = $this->finder->byId($item->id);
        $adopted = false;
        if ($id === 0) {
            $id = $this->finder->bySku($item->sku);
            $adopted = $id !== 0 && !$this->finder->wasOurs($id, $item->sku);
        }
        if ($adopted && Options::foreignSku() !== 'adopt') {
            return $this->leaveForeign();
        }
        if ($id === 0) {
            return $item->active ? $this->create($item) : self::SKIPPED;
        }
        $product = wc_get_product($id);
        if (!$product instanceof WC_Product || !$product->is_type(array('simple', 'variation'))) {
            throw new Problem(Problem::TYPE, $product instanceof WC_Product ? $product->get_type() : '?');
        }
        // Whoever threw it away meant it. It comes back when it is taken out of the trash.
        return $product->get_status('edit') === 'trash' ? self::SKIPPED : $this->update($product, $item, $adopted, $sold);
    }

    /** @throws Problem When the setting wants to hear of it. */
    private function leaveForeign(): string
    {
        if (Options::foreignSku() === 'report') {
            throw new Problem(Problem::SKU_TAKEN);
        }
        return self::SKIPPED;
    }

    private function create(Item $item): string
    {
        $product = new WC_Product_Simple();
        $product->set_sku($item->sku);
        $product->set_status(Options::newAsDrafts() ? 'draft' : 'publish');
        $product->update_meta_data(ProductMeta::ACTIVE, 'yes');
        $writer = new Writer();
        $writer->write($product, $item, true, false);
        $writer->stock($product, $item, 0);
        return $this->save($product, $item, $writer, self::CREATED);
    }

    private function update(WC_Product $product, Item $item, bool $adopted, callable $sold): string
    {
        $writer = new Writer();
        $writer->write($product, $item, false, $adopted);
        if ($item->active) {
            Writer::show($product);
        } else {
            Writer::hide($product);
        }
        $result = $item->active ? self::UPDATED : self::RETIRED;
        $stock = static fn () => $writer->stock($product, $item, $sold($product->get_id()));
        return $this->save($product, $item, $writer, $adopted ? self::ADOPTED : $result, $stock);
    }

    /**
     * All of it or nothing: WooCommerce writes a product in some forty statements, and a process that dies between two of
     * them would leave one without its SKU, which nobody finds again. It is also several times faster than forty commits.
     */
    private function store(WC_Product $product, ?callable $first): void
    {
        wc_transaction_query('start');
        try {
            if ($first) {
                $first();
            }
            $saved = $product->save();
        } catch (\Throwable $fault) {
            wc_transaction_query('rollback');
            throw $fault;
        }
        wc_transaction_query('commit');
        if ($saved === 0) {
            throw new Problem(Problem::NOT_SAVED, __('no reason was given.', 'elmed-for-woocommerce'));
        }
    }

    private function save(WC_Product $product, Item $item, Writer $writer, string $result, ?callable $stock = null): string
    {
        $hash = $item->hash(self::settings());
        $product->update_meta_data(ProductMeta::HASH, $hash);
        $product->update_meta_data(ProductMeta::SYNCED_AT, gmdate('Y-m-d H:i:s'));
        $product->update_meta_data(ProductMeta::RESULT, $result);
        $this->store($product, $stock);
        // WooCommerce goes on when the database gave a statement up (a deadlock with an order): look whether it is there.
        if (!$this->finder->holds($product->get_id(), $hash)) {
            throw new Problem(Problem::BUSY);
        }
        try {
            $this->images->bring($product, $item->active ? $item->image_url : null);
        } catch (Problem $problem) {
            $writer->problems[] = $problem;
        }
        foreach ($writer->problems as $problem) {
            Problems::note($item->id, $item->sku, $item->name, $problem, $product->get_id());
        }
        Problems::clear($item->id, array_map(static fn ($problem) => $problem->what, $writer->problems));
        /**
         * A product was brought over.
         *
         * @param WC_Product $product The shop's product, saved.
         * @param string     $result  created, updated, adopted or retired.
         * @param int        $id      ELMED's id.
         */
        do_action('elmed_product_synced', $product, $result, $item->id);
        return $result;
    }
}
