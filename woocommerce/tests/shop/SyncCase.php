<?php
/**
 * What the tests of the sync share: a pharmacy in ELMED whose catalogue nobody else has touched, its key in the shop, and
 * a sync from beginning to end in this process.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Sync\Problems;
use Elmed\WooCommerce\Sync\ProductMeta;
use Elmed\WooCommerce\Sync\Run;
use Elmed\WooCommerce\Sync\RunState;
use WC_Product;

abstract class SyncCase extends TestCase {

	/** @var array<string, mixed> pharmacy_id, key_id, key */
	protected $pharmacy;

	protected function setUp(): void {
		parent::setUp();
		// What journeys left is another pharmacy's; it comes back with the rollback.
		global $wpdb;
		$wpdb->query( "DELETE FROM {$wpdb->options} WHERE option_name LIKE 'elmed\\_%' AND option_name != 'elmed_base_url'" );
		$wpdb->query( "DELETE FROM {$wpdb->postmeta} WHERE meta_key LIKE '\\_elmed\\_%'" );
		wp_cache_flush();
		$this->pharmacy = Elmed::say( 'pharmacy' );
		update_option( 'elmed_api_key', $this->pharmacy['key'], false );
	}

	/** A product in ELMED: hand cream at 4.25, 20 packs, unless the words say otherwise. */
	protected function inElmed( string $sku, array $given = array() ): array {
		return Elmed::say( 'product', array( 'sku' => $sku, 'pharmacy' => $this->pharmacy['pharmacy_id'] ) + $given );
	}

	protected function changeInElmed( array $product, array $given ): void {
		Elmed::say( 'product_change', array( 'id' => $product['id'], 'pharmacy' => $this->pharmacy['pharmacy_id'] ) + $given );
	}

	/** A sync of everything, to its end. */
	protected function sync( string $ends = 'done' ): RunState {
		( new Run() )->start( 'manual' );
		return $this->goOn( $ends );
	}

	protected function goOn( string $ends = 'done' ): RunState {
		for ( $step = 0; $step < 20; $step++ ) {
			$state = ( new Run() )->step();
			if ( ! $state->running() || $state->next_at > time() ) {
				break;
			}
		}
		$this->assertSame( $ends, $state->state, 'because: ' . $state->error );
		return $state;
	}

	/** The shop's product of that SKU, read anew. */
	protected function inShop( string $sku ): WC_Product {
		$product = wc_get_product( wc_get_product_id_by_sku( $sku ) );
		$this->assertInstanceOf( WC_Product::class, $product, "no product $sku" );
		return $product;
	}

	/** How many products, variations too and in any status, belong to that product of ELMED's. */
	protected function productsOf( array $product ): int {
		global $wpdb;
		return (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->postmeta} WHERE meta_key = %s AND meta_value = %s", ProductMeta::ID, (string) $product['id'] ) );
	}

	/** @return array<int, string> the kinds of problems that are listed for a SKU. */
	protected function problemsOf( string $sku ): array {
		return array_values( array_column( array_filter( Problems::all(), static fn ( $entry ) => $entry['sku'] === $sku ), 'what' ) );
	}
}
